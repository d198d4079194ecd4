"""Tracker stores on services that keep items by key: MongoDB and DynamoDB.

`store` is the same for both; `mongo` and `dynamo` are the services, each with its driver.
"""
